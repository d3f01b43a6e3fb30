data "aws_caller_identity" "current" {}

data "aws_route53_zone" "public" {
  name         = var.zone_name
  private_zone = false
}

module "secrets" {
  source = "./modules/secrets"

  name            = var.name
  account         = data.aws_caller_identity.current.account_id
  region          = var.region
  recovery_region = var.recovery_region

  passwords_version = var.passwords_version
}

module "network" {
  source = "./modules/network"

  name             = var.name
  region           = var.region
  nat_per_zone     = local.size.nat_per_zone
  flow_log_traffic = local.size.flow_log_traffic
  log_days         = local.size.log_days
  log_key          = module.secrets.log_key
}

module "cluster" {
  source = "./modules/cluster"

  name            = var.name
  region          = var.region
  account         = data.aws_caller_identity.current.account_id
  namespace       = var.namespace
  subnets         = module.network.private_subnets
  admin_networks  = var.admin_networks
  log_days        = local.size.log_days
  data_key        = module.secrets.data_key
  log_key         = module.secrets.log_key
  search          = local.size.search
  temporal_inside = var.temporal == "cluster"
  secret_prefix   = module.secrets.prefix
}

module "standby_network" {
  source = "./modules/standby_network"
  count  = local.size.database.standby ? 1 : 0

  providers = { aws = aws.recovery }

  name = var.name
}

module "database" {
  source   = "./modules/database"
  for_each = toset(local.databases)

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name              = "${var.name}-${each.key}"
  database          = replace(each.key, "-", "_")
  vpc               = module.network.vpc
  subnets           = module.network.data_subnets
  clients           = module.cluster.pod_security_group
  data_key          = module.secrets.data_key
  recovery_key      = module.secrets.recovery_key
  log_key           = module.secrets.log_key
  log_days          = local.size.log_days
  size              = local.size.database
  logical           = each.key != "temporal"
  secret_prefix     = module.secrets.prefix
  passwords_version = var.passwords_version
  standby_network   = one(module.standby_network[*].network)
}

module "cache" {
  source = "./modules/cache"

  name          = var.name
  vpc           = module.network.vpc
  subnets       = module.network.data_subnets
  clients       = module.cluster.pod_security_group
  data_key      = module.secrets.data_key
  log_key       = module.secrets.log_key
  log_days      = local.size.log_days
  size          = local.size.cache
  secret_prefix = module.secrets.prefix
}

module "balancer" {
  source = "./modules/balancer"

  name     = var.name
  region   = var.region
  account  = data.aws_caller_identity.current.account_id
  domain   = var.domain
  zone     = data.aws_route53_zone.public.zone_id
  vpc      = module.network.vpc
  subnets  = module.network.private_subnets
  pods     = module.cluster.pod_security_group
  log_days = local.size.log_days
}

module "gateway" {
  source = "./modules/gateway"

  name                   = var.name
  domain                 = var.domain
  zone                   = data.aws_route53_zone.public.zone_id
  certificate            = module.balancer.certificate
  subnets                = module.network.private_subnets
  listener               = module.balancer.listener
  balancer_security      = module.balancer.security_group
  vpc                    = module.network.vpc
  edge_key               = module.balancer.edge_key
  throttle               = local.size.gateway
  log_key                = module.secrets.log_key
  log_days               = local.size.log_days
  access_token_audiences = ["yourticket"]
  guard                  = var.guard_at_gateway
}

module "edge" {
  source = "./modules/edge"

  providers = { aws = aws.global }

  name            = var.name
  domain          = var.domain
  zone            = data.aws_route53_zone.public.zone_id
  balancer        = module.balancer.arn
  balancer_domain = module.balancer.domain
  gateway         = module.gateway.domain
  edge_key        = module.balancer.edge_key
  log_bucket      = module.balancer.log_bucket_domain
  log_days        = local.size.log_days
  address_buyers  = local.size.address_buyers
  bot_inspection  = local.size.bot_inspection
  price_class     = local.size.price_class
}

module "watch" {
  source = "./modules/watch"

  name       = var.name
  account    = data.aws_caller_identity.current.account_id
  emails     = var.alarm_emails
  budget_usd = var.monthly_budget_usd
  anomalies  = var.cost_anomalies
  data_key   = module.secrets.data_key
  databases  = { for name, database in module.database : name => database.cluster }
  max_acu    = local.size.database.max_acu
  cache      = module.cache.nodes
  balancer   = module.balancer.arn_suffix
}

module "recovery" {
  source = "./modules/recovery"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name         = var.name
  data_key     = module.secrets.data_key
  recovery_key = module.secrets.recovery_key
  keep_days    = local.size.database.backup_days
  clusters     = [for database in module.database : database.arn]
}
