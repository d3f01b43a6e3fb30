locals {
  tags = { Project = "yourticket", Installation = var.name, Variant = var.variant }

  # What differs between the variants, in one place. What they cost at rest, and how
  # much a rate of requests takes, is in docs/scale.md; tools/scale/variants.json
  # repeats them. `connections` are those of a process to each database.
  sizes = {
    small = {
      nat_per_zone     = false
      log_days         = 365
      database         = { min_acu = 1, max_acu = 16, readers = 1, connections = 16, backup_days = 14, standby = false }
      sales_shards     = 0 # The catalogue's cluster holds the sales, too.
      cache            = { node_type = "cache.t4g.medium", shards = 2, replicas = 1 }
      search           = { nodes = 3, instance = "m7g.large", memory_gb = 8, disk_gb = 50 }
      gateway          = { burst = 1000, rate = 500 }
      address_buyers   = 1000 # Behind one address.
      bot_inspection   = "COMMON"
      flow_log_traffic = "REJECT"
      price_class      = "PriceClass_100"
    }
    large = {
      nat_per_zone     = true
      log_days         = 400
      database         = { min_acu = 8, max_acu = 128, readers = 2, connections = 8, backup_days = 35, standby = true }
      sales_shards     = 2
      cache            = { node_type = "cache.r7g.large", shards = 6, replicas = 2 }
      search           = { nodes = 3, instance = "m7g.2xlarge", memory_gb = 32, disk_gb = 200 }
      gateway          = { burst = 5000, rate = 10000 }
      address_buyers   = 5000
      bot_inspection   = "COMMON" # TARGETED costs ten times as much a request: docs/scale.md.
      flow_log_traffic = "ALL"
      price_class      = "PriceClass_All"
    }
  }
  size = local.sizes[var.variant]

  shards = coalesce(var.sales_shards, local.size.sales_shards)
  databases = concat(
    ["catalogue"],
    [for n in range(local.shards) : "sales-${n}"],
    var.temporal == "cluster" ? ["temporal"] : [],
  )
}
