# Where the standby databases stand in the second region. It has no way in or
# out; the rest is made there when that region takes over.
data "aws_availability_zones" "there" {
  #checkov:skip=CKV_AWS_394:The first three by name are taken; the letter of a zone that is added comes after them.
  state = "available"
}

locals {
  cidr = "10.41.0.0/16" # Another one than the first region's, so that both can be joined.
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:There is no traffic but that of Aurora's storage, which is not in it.
  cidr_block           = local.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "${var.name}-standby" }
}

resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "data" {
  count = 3

  vpc_id            = aws_vpc.this.id
  availability_zone = data.aws_availability_zones.there.names[count.index]
  cidr_block        = cidrsubnet(local.cidr, 8, count.index + 8)
  tags              = { Name = "${var.name}-standby-${count.index}" }
}
