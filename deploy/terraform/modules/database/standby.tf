# The second region's copy of this database, some hundred milliseconds behind. It
# costs little until it is promoted (docs/operations.md, Disaster recovery).
resource "aws_db_subnet_group" "standby" {
  provider = aws.recovery
  count    = var.size.standby ? 1 : 0

  name       = "${var.name}-standby"
  subnet_ids = var.standby_network.subnets
}

# Before it is promoted nobody is there who could reach it.
resource "aws_security_group" "standby" {
  provider = aws.recovery
  count    = var.size.standby ? 1 : 0

  name        = "${var.name}-standby"
  description = "PostgreSQL ${var.name}, standby"
  vpc_id      = var.standby_network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "standby" {
  provider = aws.recovery
  count    = var.size.standby ? 1 : 0

  security_group_id = aws_security_group.standby[0].id
  description       = "PostgreSQL from inside of the standby's VPC"
  cidr_ipv4         = var.standby_network.cidr
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}

resource "aws_rds_cluster_parameter_group" "standby" {
  provider = aws.recovery
  count    = var.size.standby ? 1 : 0

  name        = "${var.name}-standby"
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

resource "aws_rds_cluster" "standby" {
  #checkov:skip=CKV2_AWS_8:Aurora keeps every second of backup_days itself; the copy elsewhere is the standby.
  #checkov:skip=CKV2_AWS_27:Statements that are slow are logged; all of them would carry what buyers are called.
  #checkov:skip=CKV_AWS_324:A standby's log is the primary's.
  provider = aws.recovery
  count    = var.size.standby ? 1 : 0

  cluster_identifier                  = "${var.name}-standby"
  engine                              = "aurora-postgresql"
  engine_version                      = local.engine
  engine_mode                         = "provisioned"
  global_cluster_identifier           = aws_rds_global_cluster.this[0].id
  db_subnet_group_name                = aws_db_subnet_group.standby[0].name
  vpc_security_group_ids              = [aws_security_group.standby[0].id]
  db_cluster_parameter_group_name     = aws_rds_cluster_parameter_group.standby[0].name
  storage_type                        = "aurora-iopt1"
  storage_encrypted                   = true
  kms_key_id                          = var.recovery_key
  backup_retention_period             = var.size.backup_days
  copy_tags_to_snapshot               = true
  deletion_protection                 = true
  skip_final_snapshot                 = false
  final_snapshot_identifier           = "${var.name}-standby-final"
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  iam_database_authentication_enabled = true

  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = var.size.max_acu
  }

  lifecycle {
    ignore_changes = [replication_source_identifier, global_cluster_identifier] # A promotion changes both.
  }

  depends_on = [aws_rds_cluster_instance.this]
}

resource "aws_rds_cluster_instance" "standby" {
  #checkov:skip=CKV_AWS_118:It does nothing but follow until it is promoted.
  provider = aws.recovery
  count    = var.size.standby ? 1 : 0

  identifier                      = "${var.name}-standby-0"
  cluster_identifier              = aws_rds_cluster.standby[0].id
  engine                          = aws_rds_cluster.standby[0].engine
  engine_version                  = aws_rds_cluster.standby[0].engine_version
  instance_class                  = "db.serverless"
  auto_minor_version_upgrade      = true
  publicly_accessible             = false
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.recovery_key
}
