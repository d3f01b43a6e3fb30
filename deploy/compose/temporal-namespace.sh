#!/bin/sh
# Makes the namespace with what YourTicket's workflows are looked up by. Again does
# nothing. deploy/terraform/platform runs it in the cluster.
set -eu
namespace=${TEMPORAL_NAMESPACE:-default}

temporal operator namespace describe -n "$namespace" >/dev/null 2>&1 ||
	temporal operator namespace create -n "$namespace" --retention 30d
temporal operator search-attribute create -n "$namespace" \
	--name BookingStatus --type Keyword --name EventId --type Keyword \
	--name BuyerId --type Keyword --name PaymentProvider --type Keyword \
	--name AmountMinor --type Int --name NeedsAttention --type Bool
