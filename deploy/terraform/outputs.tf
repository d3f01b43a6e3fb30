locals {
  temporal = {
    address   = var.temporal == "cloud" ? var.temporal_address : "temporal-frontend.temporal.svc:7233"
    namespace = var.temporal_namespace
    tls       = var.temporal == "cloud"
  }
}

output "helm_values" {
  description = "Values of the chart in deploy/chart: terraform output -raw helm_values > aws.yaml."
  value = templatefile("${path.module}/templates/values.yaml.tftpl", {
    repository      = module.secrets.repository
    domain          = var.domain
    temporal        = local.temporal
    trusted_proxies = join(",", concat([module.network.cidr], module.edge.networks))
    secrets = {
      catalogue = module.database["catalogue"].secret
      sales     = [for n in range(local.shards) : module.database["sales-${n}"].secret]
      redis     = module.cache.secret
      search    = module.secrets.search
      filled    = module.secrets.names
    }
    target_groups = module.balancer.target_groups
    vpc_cidr      = module.network.cidr
  })
}

output "manifests" {
  description = "What the cluster needs beside the charts: terraform output -raw manifests | kubectl apply -f -"
  value = templatefile("${path.module}/templates/manifests.yaml.tftpl", {
    region    = var.region
    namespace = var.namespace
    logs      = module.cluster.pod_logs
    data_key  = module.secrets.data_key
    search    = local.size.search
    secret    = module.secrets.search
    heap_gb   = floor(local.size.search.memory_gb / 2)
    memory_gb = floor(local.size.search.memory_gb * 0.8)
  })
}

output "platform" {
  description = "Variables of deploy/terraform/platform: eval \"$(terraform output -raw platform)\""
  value = join("\n", [for name, value in {
    CLUSTER            = module.cluster.name
    REGION             = var.region
    VPC                = module.network.vpc
    BALANCER_ROLE      = module.cluster.roles["balancer"]
    SECRETS_ROLE       = module.cluster.roles["secrets"]
    TEMPORAL           = var.temporal
    TEMPORAL_DATABASE  = try(module.database["temporal"].endpoint, "")
    TEMPORAL_SECRET    = try(module.database["temporal"].secret, "")
    TEMPORAL_NAMESPACE = var.temporal_namespace
  } : "export ${name}='${value}'"])
}

output "secrets_to_fill" {
  description = "Secrets that have no value yet: aws secretsmanager put-secret-value --secret-id …"
  value       = module.secrets.names
}

output "webhooks" {
  description = "Addresses to enter at the payment providers."
  value       = [for provider in ["stripe", "paypal"] : "https://${var.domain}/v1/webhooks/${provider}"]
}

output "recovery" {
  description = "Standby databases in the second region, by name; empty in small."
  value       = { for name, database in module.database : name => database.standby if database.standby != "" }
}
