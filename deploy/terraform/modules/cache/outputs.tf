# AWS names them so: group, shard, node.
output "nodes" {
  description = "Ids of the nodes, for alarms."
  value = [
    for node in setproduct(range(1, var.size.shards + 1), range(1, var.size.replicas + 2)) :
    format("%s-%04d-%03d", var.name, node[0], node[1])
  ]
}

output "secret" {
  description = "Secret whose field url is the address."
  value       = aws_secretsmanager_secret.url.name
}
