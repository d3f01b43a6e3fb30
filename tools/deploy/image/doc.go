// Command image builds YourTicket's container image without Docker and without
// a registry: the binary, the certificates that the web trusts, a user who is
// not root, and nothing else, for every platform, as an OCI layout. The same
// source gives the same image, bit by bit.
//
//	go run ./image                        # writes bin/image
//	go run ./image -check                 # and checks what was written
//	go run ./image -tar yourticket.tar    # for docker load, this machine's platform
//	go run ./image -push HOST/NAME:TAG    # with the credentials of docker login
package main
