"""Looking ahead: how often and how much customers will buy, how sure that is, and who will make the revenue."""
