// Package privacy hands a person all that is kept of them, and forgets them.
//
// An account is erased in the catalogue first, in one transaction: from then on
// nobody can log in to it and its address is free. Then each sales shard forgets
// what it has of the person. A process that dies in between leaves the account
// marked, and any other goes on where it stopped. What the books need stays, under
// an id that leads to nobody.
package privacy
