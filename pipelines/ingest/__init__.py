"""Received file -> typed frame with batch_id and row_no. No judgement about values is made here."""
