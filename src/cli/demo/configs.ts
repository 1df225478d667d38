/** Two versions of a Kubernetes manifest: the second is what caused the incident in the demo's logs. */
export const before = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout-api
  namespace: shop
  labels:
    app: checkout-api
spec:
  replicas: 6
  selector:
    matchLabels:
      app: checkout-api
  template:
    metadata:
      labels:
        app: checkout-api
    spec:
      containers:
        - name: api
          image: registry.example.com/shop/checkout-api:1.41.0
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
            - name: DB_POOL_MAX
              value: "40"
            - name: DB_HOST
              value: orders-db.shop.svc
          resources:
            requests:
              cpu: 250m
              memory: 512Mi
            limits:
              memory: 1Gi
          readinessProbe:
            httpGet:
              path: /health
              port: http
            periodSeconds: 5
        - name: metrics
          image: registry.example.com/shop/metrics-sidecar:0.9.2
---
apiVersion: v1
kind: Service
metadata:
  name: checkout-api
  namespace: shop
spec:
  selector:
    app: checkout-api
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: v1
kind: Secret
metadata:
  name: checkout-db
  namespace: shop
type: Opaque
stringData:
  username: checkout
  password: kaffee-und-kuchen-41
`;

export const after = `apiVersion: v1
kind: Service
metadata:
  name: checkout-api
  namespace: shop
spec:
  selector:
    app: checkout-api
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout-api
  namespace: shop
  labels:
    app: checkout-api
    tier: backend
spec:
  replicas: 2
  selector:
    matchLabels:
      app: checkout-api
  template:
    metadata:
      labels:
        app: checkout-api
    spec:
      containers:
        - name: metrics
          image: registry.example.com/shop/metrics-sidecar:0.9.2
        - name: api
          image: registry.example.com/shop/checkout-api:1.42.0
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: debug
            - name: DB_HOST
              value: orders-db.shop.svc
            - name: DB_POOL_MAX
              value: "4"
          resources:
            requests:
              cpu: 250m
              memory: 512Mi
            limits:
              memory: 640Mi
---
apiVersion: v1
kind: Secret
metadata:
  name: checkout-db
  namespace: shop
type: Opaque
stringData:
  username: checkout
  password: noch-ein-stueck-torte-42
`;

/** Two environments of the same service. */
export const staging = `# checkout-api, staging
NODE_ENV=staging
LOG_LEVEL=info
PAYMENT_URL=https://sandbox.payments.example.com
PAYMENT_API_KEY=test_9f8e7d6c5b4a39281706
DATABASE_URL=postgres://checkout:apfelstrudel@orders-db.staging:5432/orders
FEATURE_EXPRESS=on
REQUEST_TIMEOUT_MS=5000
`;

export const production = `# checkout-api, production
NODE_ENV=production
LOG_LEVEL=debug
PAYMENT_URL=https://sandbox.payments.example.com
PAYMENT_API_KEY=live_0a1b2c3d4e5f60718293
DATABASE_URL=postgres://checkout:sachertorte@orders-db.shop:5432/orders
REQUEST_TIMEOUT_MS=500
TLS_VERIFY=false
`;

/** What must never be seen in a thread or an artifact. */
export const secretValues: readonly string[] = [
  "kaffee-und-kuchen-41",
  "noch-ein-stueck-torte-42",
  "test_9f8e7d6c5b4a39281706",
  "live_0a1b2c3d4e5f60718293",
  "apfelstrudel",
  "sachertorte",
];
