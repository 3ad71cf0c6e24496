// Package fcm sends messages through Firebase Cloud Messaging, and only it knows that SDK. Without an account the same SDK talks to
// a small endpoint in this process (Sink) that prints what would have been sent.
package fcm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"

	"github.com/dutybound/dutybound/internal/notify"
)

// Config says where to send. With an account, Endpoint is empty except in tests; without one it must be given.
type Config struct {
	Credentials []byte // the service account's JSON, as Google hands it out
	Endpoint    string // base URL of another FCM endpoint: "http://127.0.0.1:9099/v1"
}

// Sender is the channel.
type Sender struct {
	client *messaging.Client
}

var _ notify.Sender = (*Sender)(nil)

// New makes the channel.
func New(ctx context.Context, config Config) (*Sender, error) {
	project, options, err := config.options()
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, options...)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	return &Sender{client}, nil
}

// options never leave the SDK to look for credentials by itself: a developer's laptop may have some.
func (c Config) options() (project string, options []option.ClientOption, err error) {
	if c.Endpoint != "" {
		options = append(options, option.WithEndpoint(c.Endpoint))
	}
	if len(c.Credentials) == 0 {
		if c.Endpoint == "" {
			return "", nil, errors.New("neither credentials nor an endpoint are given")
		}
		return "dutybound-local", append(options, option.WithoutAuthentication()), nil
	}
	var account struct {
		Type    string `json:"type"`
		Project string `json:"project_id"`
	}
	if err := json.Unmarshal(c.Credentials, &account); err != nil {
		return "", nil, fmt.Errorf("credentials: %w", err)
	}
	if account.Type != string(option.ServiceAccount) || account.Project == "" {
		return "", nil, errors.New("credentials: not the JSON of a service account with a project_id")
	}
	return account.Project, append(options, option.WithAuthCredentialsJSON(option.ServiceAccount, c.Credentials)), nil
}

// Send implements notify.Sender. The receipt is FCM's message name.
func (s *Sender) Send(ctx context.Context, device notify.Device, message notify.Message) (string, error) {
	receipt, err := s.client.Send(ctx, payload(device, message, time.Now()))
	if err != nil {
		return "", classify(err)
	}
	return receipt, nil
}

// payload is data only: what the phone shows, the app decides after it has fetched the task.
func payload(device notify.Device, m notify.Message, now time.Time) *messaging.Message {
	out := &messaging.Message{
		Token: device.Token,
		Data:  map[string]string{"task": m.Task.String(), "kind": m.Kind},
	}
	switch device.Platform {
	case "ios":
		out.APNS = &messaging.APNSConfig{
			Headers: map[string]string{
				"apns-push-type": "background", "apns-priority": "5", // Apple takes no other for data only
				"apns-collapse-id": m.Task.String(), "apns-expiration": strconv.FormatInt(now.Add(m.Life).Unix(), 10),
			},
			Payload: &messaging.APNSPayload{Aps: &messaging.Aps{ContentAvailable: true}},
		}
	case "web":
		out.Webpush = &messaging.WebpushConfig{Headers: map[string]string{
			"TTL": strconv.Itoa(int(m.Life.Seconds())), "Urgency": priority(m),
		}}
	default: // Android, and what speaks its protocol
		out.Android = &messaging.AndroidConfig{Priority: priority(m), TTL: &m.Life, CollapseKey: m.Task.String()}
	}
	return out
}

func priority(m notify.Message) string {
	if m.Urgent {
		return "high"
	}
	return "normal"
}

// classify judges a failure. It comes before any wrapping: the SDK recognises only its own concrete type. What is not known to be
// hopeless is tried again; the message's life ends that.
func classify(err error) *notify.Failure {
	failure := &notify.Failure{Outcome: notify.Later, Err: err}
	switch {
	case messaging.IsUnregistered(err), messaging.IsSenderIDMismatch(err):
		failure.Outcome = notify.DeadToken
	case messaging.IsInvalidArgument(err), messaging.IsThirdPartyAuthError(err):
		failure.Outcome = notify.Refused
	default:
		failure.After = retryAfter(errorutils.HTTPResponse(err))
	}
	return failure
}

// retryAfter is what the answer asks for in seconds; a quota that names no time gets a minute, as FCM's documentation advises.
func retryAfter(answer *http.Response) time.Duration {
	if answer == nil {
		return 0
	}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 0
	}
	if answer.StatusCode == http.StatusTooManyRequests {
		seconds = cmp.Or(seconds, 60)
	}
	return time.Duration(seconds) * time.Second
}
