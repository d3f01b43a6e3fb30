-- Frees every overdue hold; answers how many there were.
return {'ok', tostring(sweep(now_ms()))}
