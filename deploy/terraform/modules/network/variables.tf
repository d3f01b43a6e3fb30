variable "name" {
  description = "Beginning of every name."
  type        = string
}

variable "region" {
  description = "Region, which is part of the services' names."
  type        = string
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone, so that the loss of one zone cuts off no other."
  type        = bool
}

variable "flow_log_traffic" {
  description = "What flow logs keep: REJECT or ALL."
  type        = string
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "log_key" {
  description = "KMS key of log groups."
  type        = string
}
