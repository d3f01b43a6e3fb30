package app

import (
	"crypto/tls"
	"net/url"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// redisOptions reads redis://, rediss:// and their +cluster forms. A cluster's
// URL may name several nodes, separated by commas.
func redisOptions(text string) (*goredis.UniversalOptions, error) {
	cluster := strings.Contains(text, "+cluster://")
	plain := strings.Replace(text, "+cluster://", "://", 1)
	scheme, rest, _ := strings.Cut(plain, "://")
	hosts, path, _ := strings.Cut(rest, "/")
	login := ""
	if at := strings.LastIndex(hosts, "@"); at >= 0 {
		login, hosts = hosts[:at+1], hosts[at+1:]
	}
	nodes := strings.Split(hosts, ",")
	first, err := goredis.ParseURL(scheme + "://" + login + nodes[0] + "/" + path)
	if err != nil {
		return nil, err
	}
	o := &goredis.UniversalOptions{
		Addrs: []string{first.Addr}, DB: first.DB, Username: first.Username, Password: first.Password,
		TLSConfig: first.TLSConfig, IsClusterMode: cluster,
		DialTimeout: redisDial, ReadTimeout: redisReply, WriteTimeout: redisReply, PoolSize: 64, MaxRetries: 1,
	}
	o.Addrs = append(o.Addrs, nodes[1:]...)
	if scheme == "rediss" && o.TLSConfig == nil {
		host := (&url.URL{Host: nodes[0]}).Hostname()
		o.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	return o, nil
}
