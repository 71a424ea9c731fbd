"""Named defects, proof that the conformance suite notices when a gateway is wrong."""

from reference_gateway.faults.registry import FAULTS, Fault, install

__all__ = ["FAULTS", "Fault", "install"]
