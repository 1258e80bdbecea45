// front-door hands connections on the host's loopback to the cluster's ingress gateway. It stands on the host because
// the cluster's own network namespace has no address the host's users would know. Only bytes pass: io.Copy between two
// TCP connections is splice(2), so they never enter this program's memory.
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to listen on")
	to := flag.String("to", "", "address of the ingress gateway")
	flag.Parse()
	if *to == "" {
		log.Fatal("--to is required")
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatalf("cannot listen on %s: %v", *listen, err)
	}
	log.Printf("%s -> %s", *listen, *to)
	for {
		client, err := listener.Accept()
		if err != nil {
			// Out of file descriptors, most likely: they come back as connections end.
			log.Printf("accept: %v", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go forward(client.(*net.TCPConn), *to)
	}
}

func forward(client *net.TCPConn, to string) {
	defer client.Close()
	connection, err := net.DialTimeout("tcp", to, 5*time.Second)
	if err != nil {
		log.Printf("gateway: %v", err)
		refuse(client)
		return
	}
	gateway := connection.(*net.TCPConn)
	defer gateway.Close()
	done := make(chan struct{})
	go func() {
		pipe(gateway, client)
		close(done)
	}()
	pipe(client, gateway)
	<-done
}

// pipe copies until one side has said all it will say, and passes that end on without cutting off the answer.
func pipe(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		from.Close()
		to.Close()
		return
	}
	to.CloseWrite()
}

// refuse says in HTTP what a closed connection would not: the cluster is up, its gateway is not yet.
func refuse(client *net.TCPConn) {
	body := `{"type":"about:blank","title":"The ingress gateway is not ready yet","status":503}`
	client.SetDeadline(time.Now().Add(time.Second))
	io.WriteString(client, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"+
		"Retry-After: 2\r\nConnection: close\r\n\r\n"+body+"\n")
	client.CloseWrite()
	// Reading what was sent keeps the kernel from resetting the connection before the answer is read.
	io.Copy(io.Discard, client)
}
