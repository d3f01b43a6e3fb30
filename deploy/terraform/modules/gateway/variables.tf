variable "name" {
  description = "Name of the API."
  type        = string
}

variable "domain" {
  description = "Domain of storefront and API; the gateway's own is below it."
  type        = string
}

variable "zone" {
  description = "Hosted zone of the domain."
  type        = string
}

variable "certificate" {
  description = "Certificate of gateway.<domain> in this region."
  type        = string
}

variable "vpc" {
  description = "Id of the VPC."
  type        = string
}

variable "subnets" {
  description = "Private subnets, one a zone."
  type        = list(string)
}

variable "listener" {
  description = "ARN of the load balancer's listener."
  type        = string
}

variable "balancer_security" {
  description = "Security group of the load balancer."
  type        = string
}

variable "edge_key" {
  description = "What the load balancer wants to see in X-Edge-Key."
  type        = string
  sensitive   = true
}

variable "throttle" {
  description = "Requests a second of all accounts together, and how many may come at once."
  type = object({
    burst = number
    rate  = number
  })
}

variable "access_token_audiences" {
  description = "Audiences that access tokens name."
  type        = list(string)
}

variable "log_key" {
  description = "KMS key of the log group."
  type        = string
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "guard" {
  description = "Refuse tokens that are not ours here already."
  type        = bool
}
