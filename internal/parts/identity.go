package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// identity is the user that a child runs as. PostgreSQL and Elasticsearch
// refuse root, so for a root parent it is either another user, who must be able to reach the data
// directory and the programs, or root disguised: a user namespace in which
// root's id shows as an ordinary one, so that all files can stay root's.
type identity struct {
	uid, gid  uint32
	other     bool // Run as uid and gid.
	disguised bool // Run in a user namespace.
}

func (id identity) apply(attr *syscall.SysProcAttr) {
	if id.other {
		attr.Credential = &syscall.Credential{Uid: id.uid, Gid: id.gid}
	}
	if id.disguised {
		disguise(attr)
	}
}

// own gives a file or directory to the identity.
func (id identity) own(path string) error {
	if !id.other {
		return nil
	}
	return os.Chown(path, int(id.uid), int(id.gid))
}

// serverIdentity decides who runs the server whose data is, or will be, in
// dir, and makes dir. One that is in use keeps its owner. Whether somebody can
// run the server there is found out by a command, which needs what that needs.
func serverIdentity(ctx context.Context, dir string, inUse bool, probe ...string) (identity, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return identity{}, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return identity{}, err
	}
	if os.Geteuid() != 0 {
		return identity{}, nil
	}
	candidates, err := identitiesFor(dir, inUse)
	if err != nil {
		return identity{}, err
	}
	var failures []string
	for _, id := range candidates {
		if err = id.try(ctx, dir, probe); err == nil {
			return id, nil
		}
		failures = append(failures, fmt.Sprintf("%s: %v", id, err))
	}
	return identity{}, fmt.Errorf("it refuses to run as root, and nobody else can run it in %s (%s): "+
		"use a directory that every user can enter, or run this as an ordinary user", dir, strings.Join(failures, "; "))
}

// identitiesFor lists who may run a server on dir, best first.
func identitiesFor(dir string, inUse bool) ([]identity, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("the owner of %s cannot be told", dir)
	}
	switch {
	case owner.Uid != 0:
		return []identity{{uid: owner.Uid, gid: owner.Gid, other: true}}, nil
	case inUse:
		return []identity{{disguised: true}}, nil
	default:
		return []identity{serviceUser(), {disguised: true}}, nil
	}
}

// serviceUser is the user postgres, or nobody where there is none.
func serviceUser() identity {
	const nobody = 65534
	id := identity{uid: nobody, gid: nobody, other: true}
	u, err := user.Lookup("postgres")
	if err != nil {
		return id
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 == nil && err2 == nil {
		id.uid, id.gid = uint32(uid), uint32(gid)
	}
	return id
}

// try gives dir to the identity and runs the probe there. On failure dir is
// root's again.
func (id identity) try(ctx context.Context, dir string, probe []string) error {
	if err := id.own(dir); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, probe[0], probe[1:]...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	id.apply(cmd.SysProcAttr)
	err := cmd.Run()
	if err != nil && id.other {
		return errors.Join(err, os.Chown(dir, 0, 0))
	}
	return err
}

// String says who it is, for messages.
func (id identity) String() string {
	switch {
	case id.other:
		return "user " + strconv.Itoa(int(id.uid))
	case id.disguised:
		return "user namespace"
	default:
		return "this user"
	}
}
