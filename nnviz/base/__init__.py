"""Values that all packages share: parameters, requests, results, errors; numpy only."""
