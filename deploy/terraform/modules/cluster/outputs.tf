output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "pod_security_group" {
  description = "Security group of all pods."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "roles" {
  description = "Roles for service accounts, by what they are for."
  value       = { for name, role in aws_iam_role.pod : name => role.arn }
}

output "pod_logs" {
  description = "Log group of the pods."
  value       = aws_cloudwatch_log_group.pods.name
}
