# EKS: everything of ours runs on Fargate, a small machine of its own for each
# pod. Elasticsearch needs disks, which Fargate has not, and runs on the nodes
# of nodes.tf.
resource "aws_cloudwatch_log_group" "control_plane" {
  name              = "/aws/eks/${var.name}/cluster"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key
}

resource "aws_cloudwatch_log_group" "pods" {
  name              = "/${var.name}/pods"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key
}

data "aws_iam_policy_document" "assume_cluster" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["eks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name               = "${var.name}-cluster"
  assume_role_policy = data.aws_iam_policy_document.assume_cluster.json
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "this" {
  #checkov:skip=CKV_AWS_38:Public access is closed unless admin_networks names networks.
  #checkov:skip=CKV_AWS_39:Public access is closed unless admin_networks names networks.
  name                      = var.name
  version                   = "1.34"
  role_arn                  = aws_iam_role.cluster.arn
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  vpc_config {
    subnet_ids              = var.subnets
    endpoint_private_access = true
    endpoint_public_access  = length(var.admin_networks) > 0
    public_access_cidrs     = length(var.admin_networks) > 0 ? var.admin_networks : null
  }

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.data_key
    }
  }

  depends_on = [aws_iam_role_policy_attachment.cluster, aws_cloudwatch_log_group.control_plane]
}

# Pods on Fargate are in the cluster's own security group; databases, cache and
# balancer let that one in.
data "aws_iam_policy_document" "assume_fargate" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["eks-fargate-pods.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:eks:${var.region}:${var.account}:fargateprofile/${var.name}/*"]
    }
  }
}

data "aws_iam_policy_document" "pod_logs" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.pods.arn}:*"]
  }
}

resource "aws_iam_role" "fargate" {
  name               = "${var.name}-fargate"
  assume_role_policy = data.aws_iam_policy_document.assume_fargate.json
}

resource "aws_iam_role_policy_attachment" "fargate" {
  role       = aws_iam_role.fargate.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
}

resource "aws_iam_role_policy" "pod_logs" {
  name   = "logs"
  role   = aws_iam_role.fargate.id
  policy = data.aws_iam_policy_document.pod_logs.json
}

locals {
  profiles = merge({
    yourticket = [var.namespace]
    system     = ["kube-system", "external-secrets", "keda"]
    }, var.temporal_inside ? {
    temporal = ["temporal"]
  } : {})
}

resource "aws_eks_fargate_profile" "this" {
  for_each = local.profiles

  cluster_name           = aws_eks_cluster.this.name
  fargate_profile_name   = each.key
  pod_execution_role_arn = aws_iam_role.fargate.arn
  subnet_ids             = var.subnets

  dynamic "selector" {
    for_each = each.value
    content {
      namespace = selector.value
    }
  }
}

resource "aws_eks_addon" "coredns" {
  cluster_name = aws_eks_cluster.this.name
  addon_name   = "coredns"

  resolve_conflicts_on_create = "OVERWRITE" # EKS has put its own there.

  configuration_values = jsonencode({
    computeType  = "Fargate"
    replicaCount = 3
  })

  depends_on = [aws_eks_fargate_profile.this]
}

# NetworkPolicies hold for the pods on nodes, which is Elasticsearch. For pods on
# Fargate AWS has no such thing: security groups guard what they reach.
resource "aws_eks_addon" "networking" {
  for_each = {
    vpc-cni    = jsonencode({ enableNetworkPolicy = "true" })
    kube-proxy = null
  }

  cluster_name         = aws_eks_cluster.this.name
  addon_name           = each.key
  configuration_values = each.value

  resolve_conflicts_on_create = "OVERWRITE"
}

resource "aws_eks_addon" "metrics" {
  cluster_name = aws_eks_cluster.this.name
  addon_name   = "metrics-server" # The API's HorizontalPodAutoscaler reads it.

  resolve_conflicts_on_create = "OVERWRITE"

  depends_on = [aws_eks_fargate_profile.this]
}
