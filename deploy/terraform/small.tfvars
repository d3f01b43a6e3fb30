# A box office with a few on-sales a month: one region, one database, one NAT
# gateway. Domain, zone and addresses are yours: pass them in a second file.
variant            = "small"
monthly_budget_usd = 1800
