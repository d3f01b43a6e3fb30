package codecserver

import (
	"cmp"
	"html/template"
	"net/http"
	"strings"
	"time"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// caller knows who asks: by a bearer token, which a UI with single sign-on
// sends, or by the cookie of the server's own page.
func (s *Server) caller(r *http.Request) (auth.User, error) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		c, err := r.Cookie(cookie)
		if err != nil {
			return auth.User{}, ticket.Errorf(ticket.CodeUnauthorized, "Nobody is logged in.")
		}
		token = c.Value
	}
	return s.Accounts.Verify(r.Context(), token)
}

// page is what the server's own page shows.
type page struct {
	Fault  string
	User   string
	Reader bool // may open payloads
	Views  []view
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	p := page{}
	if u, err := s.caller(r); err == nil {
		p.User, p.Reader = u.ID, u.Has(ticket.RoleSupport)
	}
	if p.Reader && len(s.Origins) > 0 {
		p.Views = views(s.Origins[0], cmp.Or(s.Namespace, "default"), time.Now())
	}
	s.show(w, http.StatusOK, p)
}

func (s *Server) show(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, p) // the browser is gone
}

// logIn sets the cookie for as long as an access token lives.
func (s *Server) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	s.logins.Lock()
	session, err := s.Accounts.LogIn(r.Context(), r.PostFormValue("email"), r.PostFormValue("password"))
	if err != nil {
		s.pausing(afterFailure)
	}
	s.logins.Unlock()
	switch {
	case ticket.CodeOf(err) == ticket.CodeBadCredentials:
		s.show(w, http.StatusUnauthorized, page{Fault: "No account has this email address and password."})
		return
	case err != nil:
		s.Logger.WarnContext(r.Context(), "nobody can log in", "error", err)
		s.show(w, http.StatusServiceUnavailable, page{Fault: "Logging in is not possible now. Try again in a minute."})
		return
	}
	s.setCookie(w, r, session.AccessToken, time.Until(session.ExpiresAt))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Server) logOut(w http.ResponseWriter, r *http.Request) {
	s.setCookie(w, r, "", -time.Second)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// setCookie keeps the token from scripts. Over TLS the UI may live on another
// site; without, as in development, it is the same site on another port.
func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, token string, life time.Duration) {
	c := &http.Cookie{
		Name: cookie, Value: token, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>YourTicket codec server</title>
<style>
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; color-scheme: light dark }
 label { display: block; margin: .8rem 0 } input { display: block; width: 100%; font: inherit; padding: .4rem; box-sizing: border-box }
 button { font: inherit; padding: .4rem 1rem; margin-top: .6rem } .fault { color: #c0341d }
</style></head><body>
<h1>Codec server</h1>
{{if .Reader}}<p>You may read histories: the Temporal UI in this browser opens them for the next quarter of an hour.
Where it does not know this server, enter this page's address in its codec server settings and include credentials.</p>
{{with .Views}}<p>Each of these opens a list there and keeps it among the saved views:</p>
<ul>{{range .}}<li><a href="{{.Address}}">{{.Name}}</a></li>{{end}}</ul>{{end}}
{{else if .User}}<p class="fault">This account may not read histories. That takes the role support.</p>
{{else}}<p>Histories are sealed. Support logs in here to read them in the Temporal UI.</p>{{end}}
{{with .Fault}}<p class="fault" role="alert">{{.}}</p>{{end}}
{{if .User}}<form method="post" action="/logout"><button>Log out</button></form>
{{else}}<form method="post" action="/login">
<label>Email <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button></form>{{end}}
</body></html>
`))
