"""The web application: pages and an API over the published runs of one or several projects. Thin: parse, call, show."""
