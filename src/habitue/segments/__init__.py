"""Who the customers are, and where they go: RFM, segments, transitions."""
