"""From bytes to raw tables: files, spreadsheets, database tables, as their writers left them."""
