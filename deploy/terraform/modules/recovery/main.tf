# Backups beside Aurora's own point-in-time recovery: a snapshot a day in a vault
# that nobody can empty, and a copy of it in the second region.
resource "aws_backup_vault" "here" {
  name        = var.name
  kms_key_arn = var.data_key
}

resource "aws_backup_vault" "there" {
  provider = aws.recovery

  name        = var.name
  kms_key_arn = var.recovery_key
}

resource "aws_backup_vault_lock_configuration" "there" {
  provider = aws.recovery

  backup_vault_name  = aws_backup_vault.there.name
  min_retention_days = 7
}

resource "aws_backup_plan" "daily" {
  name = "${var.name}-daily"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(30 2 * * ? *)"
    start_window      = 60
    completion_window = 240

    lifecycle {
      delete_after = var.keep_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.there.arn

      lifecycle {
        delete_after = var.keep_days
      }
    }
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["backup.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-backup"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/${each.key}"
}

resource "aws_backup_selection" "databases" {
  name         = "${var.name}-databases"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = var.clusters
}
