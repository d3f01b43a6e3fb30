// Package dev runs all of YourTicket on one machine: the backing parts that no
// address is given for, the payment sandbox, the migrations, the demo
// catalogue, the API and every worker fleet. It is what `yourticket dev` does.
package dev
