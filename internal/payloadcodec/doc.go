// Package payloadcodec seals what workflows keep in their histories, so that
// whoever runs or backs up Temporal cannot read it: AES-256-GCM under keys that
// Temporal never sees. Search attributes stay readable, for they are searched.
package payloadcodec
