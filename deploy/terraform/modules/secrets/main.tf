# Keys, secrets, and the registry of the image. Secrets without a value here are
# filled by people or by the modules that know them; External Secrets brings
# them into the cluster.
locals {
  prefix = "${var.name}/"
  # What people fill in: the payment providers' credentials, the keys that seal
  # workflow histories, the mail server, Temporal Cloud's API key.
  fill = ["payments", "payload-keys", "mail", "temporal"]

  scaling_role = "arn:aws:iam::${var.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
}

data "aws_iam_policy_document" "data" {
  #checkov:skip=CKV_AWS_109:A key's policy names no other resource than its key.
  #checkov:skip=CKV_AWS_111:A key's policy names no other resource than its key.
  #checkov:skip=CKV_AWS_356:A key's policy names no other resource than its key.
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account}:root"]
    }
  }

  statement {
    sid       = "Alarms"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "costalerts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }

  # The nodes' disks are encrypted with this key, and Auto Scaling starts the nodes.
  # Its role must be there, or AWS refuses the policy: see README.md.
  statement {
    sid       = "Disks"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.scaling_role]
    }
  }

  statement {
    sid       = "DisksOfInstances"
    actions   = ["kms:CreateGrant"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.scaling_role]
    }

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

data "aws_iam_policy_document" "logs" {
  #checkov:skip=CKV_AWS_109:A key's policy names no other resource than its key.
  #checkov:skip=CKV_AWS_111:A key's policy names no other resource than its key.
  #checkov:skip=CKV_AWS_356:A key's policy names no other resource than its key.
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${var.account}:*"]
    }
  }
}

# One key for data, of several regions: copies of backups are opened by its
# replica when this region is gone.
resource "aws_kms_key" "data" {
  description             = "${var.name}: databases, cache, secrets, disks, images"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  multi_region            = true
  policy                  = data.aws_iam_policy_document.data.json
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_kms_replica_key" "recovery" {
  region                  = var.recovery_region
  description             = "${var.name}: copies in the second region"
  primary_key_arn         = aws_kms_key.data.arn
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.data.json
}

resource "aws_kms_key" "logs" {
  description             = "${var.name}: logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.logs.json
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${var.name}-logs"
  target_key_id = aws_kms_key.logs.key_id
}

resource "aws_secretsmanager_secret" "filled_by_people" {
  #checkov:skip=CKV2_AWS_57:Nothing can rotate what a payment provider issues; docs/operations.md says how people do.
  for_each = toset(local.fill)

  name                    = "${local.prefix}${each.key}"
  description             = "Filled by people, see docs/operations.md"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30

  replica {
    region     = var.recovery_region
    kms_key_id = aws_kms_replica_key.recovery.arn
  }
}

# Elasticsearch's user of ours: for the nodes, which make it, and for the
# processes, which log in with it.
ephemeral "random_password" "search" {
  length  = 40
  special = false # It stands in a URL.
}

resource "aws_secretsmanager_secret" "search" {
  #checkov:skip=CKV2_AWS_57:It rotates by passwords_version; see docs/operations.md.
  name                    = "${local.prefix}search"
  description             = "User of Elasticsearch"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "search" {
  secret_id                = aws_secretsmanager_secret.search.id
  secret_string_wo_version = var.passwords_version
  secret_string_wo = jsonencode({
    username = "yourticket"
    password = ephemeral.random_password.search.result
    url      = "http://yourticket:${ephemeral.random_password.search.result}@elasticsearch-es-http.elastic.svc:9200"
  })
}

resource "aws_ecr_repository" "image" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.data.arn
  }
}

# Purchases stay on the build they started on, so old images are needed for a
# while: the last hundred are kept.
resource "aws_ecr_lifecycle_policy" "image" {
  repository = aws_ecr_repository.image.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "the last hundred"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 100 }
      action       = { type = "expire" }
    }]
  })
}

# A copy of every image in the second region, for the day that this one is gone.
resource "aws_ecr_replication_configuration" "recovery" {
  replication_configuration {
    rule {
      destination {
        region      = var.recovery_region
        registry_id = var.account
      }

      repository_filter {
        filter      = var.name
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}
