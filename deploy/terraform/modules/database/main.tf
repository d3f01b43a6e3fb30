# One PostgreSQL: an Aurora Serverless v2 cluster over three zones. The catalogue
# and each sales shard have one of their own.
locals {
  family = "aurora-postgresql17"
  engine = "17.5"

  # Parameters of the cluster, and of its standby for the day that it is promoted.
  # yourticket cdc reads the log: wal_level=logical is what this means.
  at_start = var.logical ? { "rds.logical_replication" = "1", max_replication_slots = "10", max_wal_senders = "15" } : {}

  # Statements above the warning threshold, and waits for locks, are in the log.
  at_once = { "rds.force_ssl" = "1", log_min_duration_statement = "500", log_lock_waits = "1", log_statement = "ddl", log_connections = "0" }
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL ${var.name}"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL from the pods"
  referenced_security_group_id = var.clients
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_rds_cluster_parameter_group" "this" {
  name        = var.name
  family      = local.family
  description = "YourTicket"

  dynamic "parameter" {
    for_each = merge(local.at_start, local.at_once)
    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = contains(keys(local.at_start), parameter.key) ? "pending-reboot" : "immediate"
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/rds/cluster/${var.name}/postgresql"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key
}

data "aws_iam_policy_document" "assume_monitoring" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name               = "${var.name}-monitoring"
  assume_role_policy = data.aws_iam_policy_document.assume_monitoring.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

# The password is made anew at each run and written only when passwords_version
# rises; it is in Secrets Manager and in no state file.
ephemeral "random_password" "this" {
  length  = 40
  special = false # It stands in a URL.
}

resource "aws_rds_global_cluster" "this" {
  count = var.size.standby ? 1 : 0

  global_cluster_identifier = var.name
  engine                    = "aurora-postgresql"
  engine_version            = local.engine
  database_name             = var.database
  storage_encrypted         = true
  deletion_protection       = true
}

resource "aws_rds_cluster" "this" {
  #checkov:skip=CKV2_AWS_8:Aurora keeps every second of backup_days itself; the copy elsewhere is the standby.
  #checkov:skip=CKV2_AWS_27:Statements that are slow are logged; all of them would carry what buyers are called.
  cluster_identifier              = var.name
  engine                          = "aurora-postgresql"
  engine_version                  = local.engine
  engine_mode                     = "provisioned" # What Serverless v2 calls itself.
  global_cluster_identifier       = one(aws_rds_global_cluster.this[*].id)
  database_name                   = var.database
  master_username                 = "yourticket"
  master_password_wo              = ephemeral.random_password.this.result
  master_password_wo_version      = var.passwords_version
  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [aws_security_group.this.id]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name
  storage_type                    = "aurora-iopt1" # Sales write much: I/O by the request would cost more.
  storage_encrypted               = true
  kms_key_id                      = var.data_key
  backup_retention_period         = var.size.backup_days # Any second of these days can be restored.
  preferred_backup_window         = "03:00-04:00"
  preferred_maintenance_window    = "tue:04:30-tue:05:30"
  copy_tags_to_snapshot           = true
  deletion_protection             = true
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${var.name}-final"
  enabled_cloudwatch_logs_exports = ["postgresql"]
  apply_immediately               = false

  iam_database_authentication_enabled = true

  serverlessv2_scaling_configuration {
    min_capacity = var.size.min_acu
    max_capacity = var.size.max_acu
  }

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_rds_cluster_instance" "this" {
  count = 1 + var.size.readers

  identifier                      = "${var.name}-${count.index}"
  cluster_identifier              = aws_rds_cluster.this.id
  engine                          = aws_rds_cluster.this.engine
  engine_version                  = aws_rds_cluster.this.engine_version
  instance_class                  = "db.serverless"
  promotion_tier                  = min(count.index, 1) # Tiers 0 and 1 keep pace with the writer.
  auto_minor_version_upgrade      = true
  publicly_accessible             = false
  ca_cert_identifier              = "rds-ca-rsa2048-g1"
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.data_key
  monitoring_interval             = 30
  monitoring_role_arn             = aws_iam_role.monitoring.arn
}

resource "aws_secretsmanager_secret" "url" {
  #checkov:skip=CKV2_AWS_57:It rotates by passwords_version, together with the roll-out that takes it up; see docs/operations.md.
  name                    = "${var.secret_prefix}database/${var.name}"
  description             = "Address of ${var.name}, with user and password"
  kms_key_id              = var.data_key
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "url" {
  secret_id                = aws_secretsmanager_secret.url.id
  secret_string_wo_version = var.passwords_version
  secret_string_wo = jsonencode({
    url      = "postgres://yourticket:${ephemeral.random_password.this.result}@${aws_rds_cluster.this.endpoint}:5432/${var.database}?sslmode=require&pool_max_conns=${var.size.connections}"
    password = ephemeral.random_password.this.result
  })
}
