# Redis in cluster mode. YourTicket uses strings (SETRANGE, GETRANGE), hashes,
# sorted sets, streams, Lua scripts whose keys share one hash tag, and WATCH on
# one slot: Redis 6.2 has all of it. Nothing in it is lost for good: PostgreSQL
# rebuilds it.
locals {
  family = "redis7"
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_security_group" "this" {
  name        = "${var.name}-cache"
  description = "Redis ${var.name}"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.this.id
  description                  = "Redis from the pods"
  referenced_security_group_id = var.clients
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_elasticache_parameter_group" "this" {
  name        = var.name
  family      = local.family
  description = "YourTicket"

  parameter {
    name  = "cluster-enabled"
    value = "yes"
  }

  # A seat map that loses one of its keys is worse than one that is lost whole.
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_cloudwatch_log_group" "slow" {
  name              = "/${var.name}/redis-slow"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key
}

resource "random_password" "token" {
  length  = 64
  special = false
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "Live seats, waiting rooms and rate limits of ${var.name}"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = var.size.node_type
  num_node_groups            = var.size.shards
  replicas_per_node_group    = var.size.replicas
  multi_az_enabled           = true
  automatic_failover_enabled = true
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  port                       = 6379
  at_rest_encryption_enabled = true
  kms_key_id                 = var.data_key
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token                 = random_password.token.result
  auth_token_update_strategy = "ROTATE"
  snapshot_retention_limit   = 1 # To start from; it is rebuilt from PostgreSQL in any case.
  snapshot_window            = "04:00-05:00"
  maintenance_window         = "wed:05:00-wed:06:00"
  auto_minor_version_upgrade = true

  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.slow.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }
}

resource "aws_secretsmanager_secret" "url" {
  #checkov:skip=CKV2_AWS_57:It rotates with the token of the cluster; see docs/operations.md.
  name                    = "${var.secret_prefix}redis"
  description             = "Address of Redis, with its token"
  kms_key_id              = var.data_key
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "url" {
  secret_id = aws_secretsmanager_secret.url.id
  secret_string = jsonencode({
    url = "rediss+cluster://:${random_password.token.result}@${aws_elasticache_replication_group.this.configuration_endpoint_address}:6379"
  })
}
