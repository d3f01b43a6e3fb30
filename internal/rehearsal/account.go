package rehearsal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Account is a login of the system that is rehearsed. With a Token it is logged
// in; Email and Password log it in, and Refresh gives the next token.
type Account struct {
	Email    string    `json:"email"`
	Password string    `json:"password"`
	Token    string    `json:"token,omitempty"`
	Refresh  string    `json:"refresh,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
}

// login is an account that a device uses.
type login struct {
	mu       sync.Mutex
	account  Account
	renewing sync.Mutex // held while the next token is asked for
}

func (l *login) now() Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.account
}

// session is the answer to a login.
type session struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token"`
	ExpiresAt    time.Time `json:"expires_at"`
}

func (l *login) enter(s session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.Token, l.account.Refresh, l.account.Expires = s.AccessToken, s.RefreshToken, s.ExpiresAt
}

// renew gets the next token in place of one that was refused: by the refresh
// token, which works once, or by logging in again.
func (c *client) renew(ctx context.Context, refused string) error {
	c.login.renewing.Lock()
	defer c.login.renewing.Unlock()
	account := c.login.now()
	if account.Token != refused {
		return nil // another device was faster
	}
	if account.Refresh != "" {
		a, err := c.ask(ctx, request{
			route: "refresh", method: http.MethodPost, path: "/v1/sessions/refresh", anonymous: true,
			body: map[string]string{"refresh_token": account.Refresh},
		})
		if err != nil {
			return err
		}
		var s session
		if a.ok() && a.read(&s) == nil {
			c.login.enter(s)
			return nil
		}
	}
	return c.logIn(ctx, patience)
}

// errNoAccount says that nobody has this email and password.
var errNoAccount = errors.New("there is no such account, or its password is another one")

func (c *client) logIn(ctx context.Context, patience time.Duration) error {
	account := c.login.now()
	if account.Email == "" {
		return errNoAccount
	}
	a, err := c.ask(ctx, request{
		route: "login", method: http.MethodPost, path: "/v1/sessions", anonymous: true, within: workTime, patience: patience,
		body: map[string]string{"email": account.Email, "password": account.Password},
	})
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	var s session
	switch {
	case a.status == http.StatusUnauthorized:
		return errNoAccount
	case a.status != http.StatusCreated:
		return a.refused("log in")
	}
	if err := a.read(&s); err != nil {
		return err
	}
	c.login.enter(s)
	return nil
}

// register makes the account, and logs it in.
func (c *client) register(ctx context.Context, patience time.Duration) error {
	account := c.login.now()
	a, err := c.ask(ctx, request{
		route: "register", method: http.MethodPost, path: "/v1/users", anonymous: true, within: workTime, patience: patience,
		body: map[string]string{"email": account.Email, "password": account.Password, "name": "Rehearsal"},
	})
	if err != nil {
		return fmt.Errorf("make an account: %w", err)
	}
	// It is taken when an earlier try was not heard of.
	if a.status != http.StatusCreated && a.problem().code() != "email-taken" {
		return a.refused("make an account")
	}
	return c.logIn(ctx, patience)
}

const (
	// accountsAtOnce is few: the API hashes as many passwords at a time as it has
	// processors.
	accountsAtOnce = 8
	// accountPatience is how long one account may take where registrations are
	// limited.
	accountPatience = 5 * time.Minute
	// freshFor is how long a token must live to be taken as it is.
	freshFor = 10 * time.Minute
)

// prepareAccounts logs in as many buyers as there will be: those that are
// given or kept first, and new ones for the rest.
func (r *run) prepareAccounts(ctx context.Context) error {
	kept, err := r.keptAccounts()
	if err != nil {
		return err
	}
	want := r.o.Buyers + r.o.Bots
	batch, password := rand.Text()[:10], rand.Text()
	for len(kept) < want {
		kept = append(kept, Account{Email: fmt.Sprintf("rehearsal-%s-%d@rehearsal.example", batch, len(kept)+1), Password: password})
	}
	for _, a := range kept {
		r.logins = append(r.logins, &login{account: a})
	}
	var wg sync.WaitGroup
	var next, done atomic.Int64
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for range accountsAtOnce {
		wg.Go(func() {
			for work.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= want {
					return
				}
				if err := r.prepareAccount(work, r.logins[n]); err != nil {
					stop(err)
				}
				r.progress.preparing(int(done.Add(1)), want)
			}
		})
	}
	wg.Wait()
	if work.Err() != nil {
		return errors.Join(context.Cause(work), r.keepAccounts())
	}
	return r.keepAccounts()
}

func (r *run) prepareAccount(ctx context.Context, l *login) error {
	c, a := r.web.client(l), l.now()
	if a.Token != "" && (a.Expires.IsZero() || time.Until(a.Expires) > freshFor) {
		return nil
	}
	err := errNoAccount
	switch {
	case a.Refresh != "":
		err = c.renew(ctx, a.Token)
	case a.Token == "" && a.Email != "" && r.wasKept[a.Email]:
		err = c.logIn(ctx, accountPatience)
	}
	if errors.Is(err, errNoAccount) && a.Email != "" {
		return c.register(ctx, accountPatience)
	}
	return err
}

// accountsFile is how accounts are kept; they belong to one system.
type accountsFile struct {
	API      string    `json:"api"`
	Accounts []Account `json:"accounts"`
}

func (r *run) keptAccounts() ([]Account, error) {
	kept := append([]Account{}, r.o.Accounts...)
	if r.o.AccountsFile != "" {
		text, err := os.ReadFile(r.o.AccountsFile)
		var file accountsFile
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("accounts: %w", err)
		default:
			if err := json.Unmarshal(text, &file); err != nil {
				return nil, fmt.Errorf("accounts: %s is no file of accounts: %w", r.o.AccountsFile, err)
			}
			if file.API != r.o.APIs[0] {
				return nil, fmt.Errorf("accounts: those of %s belong to %s", r.o.AccountsFile, file.API)
			}
			kept = append(kept, file.Accounts...)
		}
	}
	for _, a := range kept {
		r.wasKept[a.Email] = true
	}
	return kept, nil
}

// keepAccounts writes the accounts for the next run. The file holds passwords
// of accounts that are good for rehearsals only, and is for its owner alone.
func (r *run) keepAccounts() error {
	if r.o.AccountsFile == "" {
		return nil
	}
	file := accountsFile{API: r.o.APIs[0]}
	for _, l := range r.logins {
		file.Accounts = append(file.Accounts, l.now())
	}
	text, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(r.o.AccountsFile), ".accounts-*")
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), r.o.AccountsFile)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("accounts: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}
