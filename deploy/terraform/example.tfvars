# What is yours in any variant. Copy it, and pass it beside the variant's file.
domain           = "tickets.example.org"
zone_name        = "example.org"
alarm_emails     = ["operations@example.org"]
temporal         = "cloud"
temporal_address = "yourticket.a1b2c.tmprl.cloud:7233"
