"""The peer of web/vs-streamlit: the same rows of the same Parquet file, in the same order, as a Streamlit page."""

import os

import duckdb
import streamlit as st

first = int(st.query_params.get("from", "0"))
st.set_page_config(layout="wide")
st.table(
    duckdb.sql(
        f"SELECT * FROM read_parquet('{os.environ['HABITUE_TABLE']}') "
        f"ORDER BY expected_amount DESC NULLS LAST, customer_id, population LIMIT 50 OFFSET {first}"
    ).df()
)
