variable "name" {
  description = "Beginning of every name."
  type        = string
}

variable "domain" {
  description = "Domain of storefront and API."
  type        = string
}

variable "zone" {
  description = "Hosted zone of the domain."
  type        = string
}

variable "balancer" {
  description = "ARN of the load balancer."
  type        = string
}

variable "balancer_domain" {
  description = "Name of the load balancer in DNS."
  type        = string
}

variable "gateway" {
  description = "Domain of API Gateway."
  type        = string
}

variable "edge_key" {
  description = "What the load balancer wants to see in X-Edge-Key."
  type        = string
  sensitive   = true
}

variable "log_bucket" {
  description = "Domain of the bucket of access logs."
  type        = string
}

variable "log_days" {
  description = "How long the firewall's log is kept."
  type        = number
}

variable "address_buyers" {
  description = "How many buyers may stand behind one address, such as a university's, and buy within five minutes."
  type        = number
}

variable "bot_inspection" {
  description = "COMMON or TARGETED."
  type        = string
}

variable "price_class" {
  description = "Where CloudFront answers from."
  type        = string
}
