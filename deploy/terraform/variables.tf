variable "name" {
  description = "Name of this installation, the beginning of every resource's name."
  type        = string
  default     = "yourticket"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}$", var.name))
    error_message = "A name has 2 to 19 small letters, digits and hyphens: load balancers end at 32."
  }
}

variable "variant" {
  description = "How much of everything: small (one region, some hundred requests a second) or large (10,000 and more, with a second region)."
  type        = string

  validation {
    condition     = contains(["small", "large"], var.variant)
    error_message = "The variant is small or large."
  }
}

variable "region" {
  description = "Region of the system."
  type        = string
  default     = "eu-central-1"
}

variable "recovery_region" {
  description = "Region of the copies of all backups, and of the standby databases in large."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = var.recovery_region != var.region
    error_message = "A second region is another one."
  }
}

variable "domain" {
  description = "Domain of the storefront and the API, such as tickets.example.org."
  type        = string
}

variable "zone_name" {
  description = "Public hosted zone in Route 53 that the domain belongs to. It must be there."
  type        = string
}

variable "namespace" {
  description = "Kubernetes namespace of the Helm release."
  type        = string
  default     = "yourticket"
}

variable "sales_shards" {
  description = "How many sales databases there are beside the catalogue. Append only: a shard's number is its position."
  type        = number
  default     = null
}

variable "temporal" {
  description = "Where Temporal runs: cloud (address, namespace and API key are yours to give) or cluster (by its Helm chart in this cluster, with a database of its own)."
  type        = string
  default     = "cloud"

  validation {
    condition     = contains(["cloud", "cluster"], var.temporal)
    error_message = "Temporal runs in the cloud or in the cluster."
  }
}

variable "temporal_address" {
  description = "host:port of Temporal Cloud's endpoint for the namespace. Unused with temporal = cluster."
  type        = string
  default     = ""
}

variable "temporal_namespace" {
  description = "Temporal namespace of all workflows."
  type        = string
  default     = "default"
}

variable "admin_networks" {
  description = "Networks from which the Kubernetes API may be reached. Empty: from inside of the VPC only."
  type        = list(string)
  default     = []
}

variable "monthly_budget_usd" {
  description = "Monthly budget; alarms at half, at four fifths, and when the forecast is above it."
  type        = number
}

variable "alarm_emails" {
  description = "Who is told about budget and infrastructure alarms."
  type        = list(string)

  validation {
    condition     = length(var.alarm_emails) > 0
    error_message = "Somebody has to be told."
  }
}

variable "passwords_version" {
  description = "Raise it by one to give all databases a new password at the next apply."
  type        = number
  default     = 1
}

variable "guard_at_gateway" {
  description = "API Gateway refuses tokens that are not ours. It reads our keys from the domain when this is turned on, so the application must answer there: first without, then install the chart, then with it. The API checks every token itself in any case."
  type        = bool
  default     = false
}

variable "cost_anomalies" {
  description = "Watch the account for days that cost far more than their like. An account has one such monitor of its services: false where there is one."
  type        = bool
  default     = true
}
