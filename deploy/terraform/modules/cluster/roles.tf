# Roles that pods take on by their service account, and nothing else has.
data "tls_certificate" "issuer" {
  url = aws_eks_cluster.this.identity[0].oidc[0].issuer
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url             = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = [data.tls_certificate.issuer.certificates[0].sha1_fingerprint]
}

locals {
  issuer = trimprefix(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://")
  accounts = {
    balancer = "kube-system:aws-load-balancer-controller"
    secrets  = "external-secrets:external-secrets"
    disks    = "kube-system:ebs-csi-controller-sa"
  }
}

data "aws_iam_policy_document" "assume_pod" {
  for_each = local.accounts

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.cluster.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:${each.value}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "pod" {
  for_each = local.accounts

  name               = "${var.name}-pod-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.assume_pod[each.key].json
}

# The controller only puts pods into the target groups that are made here; it
# makes no load balancer of its own.
data "aws_iam_policy_document" "balancer" {
  #checkov:skip=CKV_AWS_356:Describe calls cannot be bound to resources.
  statement {
    actions = [
      "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]
  }

  statement {
    actions   = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
    resources = ["arn:aws:elasticloadbalancing:${var.region}:${var.account}:targetgroup/${var.name}-*/*"]
  }
}

data "aws_iam_policy_document" "secrets" {
  statement {
    actions   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    resources = ["arn:aws:secretsmanager:${var.region}:${var.account}:secret:${var.secret_prefix}*"]
  }

  statement {
    actions   = ["kms:Decrypt"]
    resources = [var.data_key]
  }
}

data "aws_iam_policy_document" "disks" {
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"]
    resources = [var.data_key]
  }

  statement {
    actions   = ["kms:CreateGrant"]
    resources = [var.data_key]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

resource "aws_iam_role_policy" "pod" {
  for_each = {
    balancer = data.aws_iam_policy_document.balancer.json
    secrets  = data.aws_iam_policy_document.secrets.json
    disks    = data.aws_iam_policy_document.disks.json
  }

  name   = each.key
  role   = aws_iam_role.pod[each.key].id
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "disks" {
  role       = aws_iam_role.pod["disks"].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}
