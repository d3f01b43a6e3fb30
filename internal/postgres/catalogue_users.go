package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// CreateUser stores an account; CodeEmailTaken when the address has one.
func (c *Catalogue) CreateUser(ctx context.Context, a ticket.Account) (err error) {
	defer wrap(&err, "postgres.CreateUser(%s)", a.ID)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO users (id, email, name, password_hash, roles) VALUES ($1, $2, $3, $4, $5)`,
		a.ID, a.Email, a.Name, a.PasswordHash, a.Roles)
	return err
}

// AccountByEmail finds an account whatever the address's case; CodeNotFound
// when there is none.
func (c *Catalogue) AccountByEmail(ctx context.Context, email string) (a ticket.Account, err error) {
	defer wrap(&err, "postgres.AccountByEmail()") // the address is personal and stays out of logs
	err = c.db(ctx).QueryRow(ctx, `
		SELECT id, email, name, password_hash, roles FROM users WHERE lower(email) = lower($1) AND erased_at IS NULL`, email).
		Scan(&a.ID, &a.Email, &a.Name, &a.PasswordHash, &a.Roles)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, ticket.Errorf(ticket.CodeNotFound, "No account has this email address.")
	}
	return a, err
}

// User reads an account; CodeNotFound when there is none.
func (c *Catalogue) User(ctx context.Context, id string) (u ticket.User, err error) {
	defer wrap(&err, "postgres.User(%s)", id)
	err = c.db(ctx).QueryRow(ctx, `SELECT id, email, name, roles FROM users WHERE id = $1`, id).
		Scan(&u.ID, &u.Email, &u.Name, &u.Roles)
	return u, notFound(err, "user", id)
}
