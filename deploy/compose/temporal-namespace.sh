#!/bin/sh
# Makes the namespace with what YourTicket's workflows are looked up by.
set -eu

temporal operator namespace describe -n default >/dev/null 2>&1 ||
	temporal operator namespace create -n default --retention 30d
temporal operator search-attribute create -n default \
	--name BookingStatus --type Keyword --name EventId --type Keyword \
	--name BuyerId --type Keyword --name PaymentProvider --type Keyword \
	--name AmountMinor --type Int --name NeedsAttention --type Bool
