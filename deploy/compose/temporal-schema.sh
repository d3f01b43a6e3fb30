#!/bin/sh
# Makes Temporal's two databases, or brings their schema up to date.
set -eu

ask() {
	db=$1
	shift
	temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" --db "$db" "$@"
}

for pair in temporal:temporal temporal_visibility:visibility; do
	db=${pair%%:*}
	ask "$db" create
	ask "$db" setup-schema -v 0.0 || echo "$db has its schema already"
	ask "$db" update-schema -d "/etc/temporal/schema/postgresql/v12/${pair##*:}/versioned"
done
