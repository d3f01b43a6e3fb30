// Package outbox sends the mails that wait on the sales shards.
//
// A mail is written into its shard's outbox in the transaction of what it tells
// of. A sender takes one under a lease, looks up account, event and booking,
// writes it, hands it to the mail server, and marks it sent. Any number of
// senders can work at the same time.
//
// A sender that dies has lost nothing: when its lease ends another takes the
// mail. What is known to be sent is never sent again; but a sender that dies
// between the server's answer and its own mark, and one whose connection breaks
// before the answer, leave it open whether the server has taken the mail. It is
// then sent again, under the same Message-ID. SMTP offers no way to find out.
package outbox
