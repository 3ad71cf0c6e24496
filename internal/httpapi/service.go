package httpapi

import (
	"bytes"
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/openapi"
)

func (h *handlers) GetHealth(context.Context, GetHealthRequestObject) (GetHealthResponseObject, error) {
	return GetHealth200JSONResponse{Status: api.HealthStatusOk}, nil
}

func (h *handlers) GetReadiness(ctx context.Context, _ GetReadinessRequestObject) (GetReadinessResponseObject, error) {
	if err := h.Ready(ctx); err != nil {
		return nil, fault.New(fault.Unavailable, "not_ready", "服务尚未就绪", "the server is not ready").Because(err)
	}
	return GetReadiness200JSONResponse{Status: api.HealthStatusOk}, nil
}

func (h *handlers) GetOpenapi(context.Context, GetOpenapiRequestObject) (GetOpenapiResponseObject, error) {
	text := openapi.HTTP()
	return GetOpenapi200ApplicationYamlResponse{Body: bytes.NewReader(text), ContentLength: int64(len(text))}, nil
}

func (h *handlers) GetAsyncapi(context.Context, GetAsyncapiRequestObject) (GetAsyncapiResponseObject, error) {
	text := openapi.Feed()
	return GetAsyncapi200ApplicationYamlResponse{Body: bytes.NewReader(text), ContentLength: int64(len(text))}, nil
}
