"""What a run found, for people: charts, documents and the wording in English, French and Russian."""
