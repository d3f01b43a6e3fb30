terraform {
  required_version = ">= 1.11" # Write-only arguments, which keep passwords out of the state.

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }

  # Bucket, key and region are named at `terraform init -backend-config=…`.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  default_tags { tags = local.tags }
}

# CloudFront takes its certificates and its firewall from there only.
provider "aws" {
  alias  = "global"
  region = "us-east-1"
  default_tags { tags = local.tags }
}

# Copies of backups, and the second cluster of each database in `large`.
provider "aws" {
  alias  = "recovery"
  region = var.recovery_region
  default_tags { tags = local.tags }
}
