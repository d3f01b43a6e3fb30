# Nodes with disks, for Elasticsearch only: three zones, one node each, kept free
# of everything else by a taint. The volumes are EBS, made by the CSI driver.
data "aws_iam_policy_document" "assume_node" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "node" {
  name               = "${var.name}-node"
  assume_role_policy = data.aws_iam_policy_document.assume_node.json
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])

  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_launch_template" "search" {
  name_prefix = "${var.name}-search-"

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 40
      volume_type           = "gp3"
      encrypted             = true
      kms_key_id            = var.data_key
      delete_on_termination = true
    }
  }

  # A pod must not read the node's credentials: one hop is the node itself.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-search" }
  }
}

resource "aws_eks_node_group" "search" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "search"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.subnets
  ami_type        = "AL2023_ARM_64_STANDARD"
  instance_types  = [var.search.instance]
  labels          = { "yourticket.example/for" = "search" }

  launch_template {
    id      = aws_launch_template.search.id
    version = aws_launch_template.search.latest_version
  }

  scaling_config {
    desired_size = var.search.nodes
    min_size     = var.search.nodes
    max_size     = var.search.nodes + 1
  }

  update_config {
    max_unavailable = 1
  }

  taint {
    key    = "yourticket.example/for"
    value  = "search"
    effect = "NO_SCHEDULE"
  }

  depends_on = [aws_iam_role_policy_attachment.node]
}

resource "aws_eks_addon" "disks" {
  cluster_name             = aws_eks_cluster.this.name
  addon_name               = "aws-ebs-csi-driver"
  service_account_role_arn = aws_iam_role.pod["disks"].arn

  resolve_conflicts_on_create = "OVERWRITE"

  # The controller runs on Fargate, the part on each node must bear the taint.
  configuration_values = jsonencode({
    node = { tolerateAllTaints = true }
  })

  depends_on = [aws_eks_node_group.search]
}
