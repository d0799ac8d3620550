"""What is concluded from merged states: each module makes one part of an evaluation."""
