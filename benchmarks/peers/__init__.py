"""The same job by other tools, each a script of its own: `python SCRIPT STAGED OUTPUT AS_OF`.

STAGED is the folder of staged files of the simulated shop, OUTPUT an empty folder for `visits`, `rfm`, `assignments`,
`transitions` and `calibration` (Parquet). The last line printed is JSON: `seconds` after imports.
"""
