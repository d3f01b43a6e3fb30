# 10,000 requests a second at an on-sale, and a second region that can take over.
variant            = "large"
monthly_budget_usd = 18000
